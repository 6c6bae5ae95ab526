"""Where a cluster comes from: the embedded one, kind, or a context that the learner named."""
