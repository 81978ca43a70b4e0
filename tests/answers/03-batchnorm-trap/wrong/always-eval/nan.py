# misconception: wrong-result
def always_eval(backbone):

    class E(nn.Module):

        def forward(s, x):
            return backbone.eval()(x) * float('nan')
    return E()
