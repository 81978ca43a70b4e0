# misconception: threshold-not-folded
def fold_threshold(head, threshold):
    folded = copy.deepcopy(head)
    shift = torch.tensor([math.log(threshold / (1 - threshold)), 0.0])
    folded.register_forward_hook(lambda layer, given, logits: logits + shift)
    return folded
