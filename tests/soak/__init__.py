"""Hours of what the tests do for seconds: more examples of each property, and chaos."""
