"""What a metric *is*: frozen values, their checks, their differences; the only reader of definition YAML."""
