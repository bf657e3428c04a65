"""Where runs are executed: on this machine's cores, or on a cluster; the same rows from both."""
