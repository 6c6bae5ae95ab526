"""From routes to the configuration of nginx: pure text. Nothing that a learner wrote reaches it unescaped."""
