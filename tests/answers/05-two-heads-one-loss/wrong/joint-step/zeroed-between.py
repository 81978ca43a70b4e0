# misconception: zero-grad-between-backwards
def joint_step(model, optimizer, images, fruit, rotten, loss_weights):
    fruit_logits, fresh_logits = model(images)
    fruit_loss, fresh_loss = F.cross_entropy(fruit_logits, fruit), F.cross_entropy(fresh_logits, rotten)
    optimizer.zero_grad()
    (loss_weights[0] * fruit_loss).backward(retain_graph=True)
    optimizer.zero_grad()
    (loss_weights[1] * fresh_loss).backward()
    optimizer.step()
