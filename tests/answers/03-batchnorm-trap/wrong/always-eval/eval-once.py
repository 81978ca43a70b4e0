# misconception: eval-before-train
def always_eval(backbone):
    return backbone.eval()
