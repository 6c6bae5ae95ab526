"""Pictures and panels that follow the cluster; the only importer of ipywidgets."""
