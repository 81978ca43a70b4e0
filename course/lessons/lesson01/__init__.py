"""Lesson 01, replace the head."""
