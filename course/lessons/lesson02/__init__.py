"""Lesson 02, freeze."""
