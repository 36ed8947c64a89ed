"""The composition root: Settings -> running application. The only room that knows every other."""
