"""What follows when scripts break limits."""
