"""What lessons share to judge an answer by its behaviour: outputs, gradients, changed tensors.

check.py has the decorator, misconception.py what a check finds, comparisons.py and networks.py what
checks compare and on which models, panel.py how a result is shown, quiz/ the practice questions.
"""
