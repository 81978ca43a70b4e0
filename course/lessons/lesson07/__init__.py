"""Lesson 07, scores you can trust: its checks, fixtures, misconceptions and quiz."""
