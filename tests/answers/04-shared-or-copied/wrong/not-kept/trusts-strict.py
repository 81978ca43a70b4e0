# misconception: strict-is-no-proof
def not_kept(model, state):
    report = model.load_state_dict(state)
    return [*report.missing_keys, *report.unexpected_keys]
