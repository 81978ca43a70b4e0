"""What lessons share to judge answers by behaviour: by outputs, by gradients, by what moved.

check.py has the decorator, misconception.py what a check finds, comparisons.py and networks.py what
checks compare and on which models, panel.py how a result is shown, quiz/ the practice questions.
"""
