"""The learner's objects as a graph: pure, then as text and as SVG."""
