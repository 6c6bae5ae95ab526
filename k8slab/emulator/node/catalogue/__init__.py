"""The images that this node can run: an image's name is a label for a program."""
