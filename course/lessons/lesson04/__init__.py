"""Lesson 04, shared or copied: its checks, fixtures, misconceptions and quiz."""
