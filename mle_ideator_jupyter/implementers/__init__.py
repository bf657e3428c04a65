"""Who implements: the embedded Recipe Implementer, and later language models."""
