"""The HTTP door: who may come in, what a request may be, health, and the page to try questions on."""
