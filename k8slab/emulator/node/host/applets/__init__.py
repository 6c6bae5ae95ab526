"""The programs of the teaching images: one row in a table and one function for each, with the words of busybox."""
