"""Runs statements on sources: one file per source, behind the port `serving.ports.Engine`."""
