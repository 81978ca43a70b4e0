"""Lesson 10, your own photographs: its checks, fixtures, misconceptions and quiz."""
