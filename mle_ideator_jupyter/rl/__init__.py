"""Training of Ideators from executed results: rewards, rollouts, the Playbook's policy, language models."""
