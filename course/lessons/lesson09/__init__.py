"""Lesson 09, adapt gently: its checks, fixtures, misconceptions and quiz."""
