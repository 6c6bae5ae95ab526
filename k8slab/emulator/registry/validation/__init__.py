"""Rules of names, labels and fields, in the words of Kubernetes."""
