"""What must be true of the cluster, said as data; and a report that explains when it is not."""
