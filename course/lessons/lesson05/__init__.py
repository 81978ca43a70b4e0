"""Lesson 05, two heads, one loss: its checks, fixtures, misconceptions and quiz."""
