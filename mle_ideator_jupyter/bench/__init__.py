"""Tasks in the MLE-bench folder layout."""
