"""The node: its kubelet, the images it knows and the programs it runs."""
