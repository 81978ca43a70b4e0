"""Lesson 06, metrics that decide: its checks, fixtures, misconceptions and quiz."""
