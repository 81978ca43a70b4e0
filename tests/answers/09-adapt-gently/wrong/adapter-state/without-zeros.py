# misconception: wrong-result
def adapter_state(model):
    frozen = {n for n, p in model.named_parameters() if not p.requires_grad}
    return {n: t.clone() for n, t in model.state_dict().items() if n not in frozen and bool((t != 0).any())}
