"""Who proposes: the embedded Playbook, and later language models."""
