"""Lessons: what a learner does step by step, how each step is checked, and how the whole is proven."""
