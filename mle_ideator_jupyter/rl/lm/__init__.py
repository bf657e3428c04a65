"""Training of language models as Ideators: a supervised warm-up, then GRPO from executed ideas. Needs `[train]`."""
