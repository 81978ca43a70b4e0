def flagged(logits, threshold):
    return logits @ torch.tensor([-1.0, 1.0]) >= torch.tensor(threshold).logit()  # logit(0) is -inf
