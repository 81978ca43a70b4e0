# misconception: argmax-has-decided
def flagged(logits, threshold):
    return logits.argmax(1) == 1
