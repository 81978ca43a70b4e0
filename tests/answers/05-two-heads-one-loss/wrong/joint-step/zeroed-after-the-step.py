# misconception: gradients-not-cleared
def joint_step(model, optimizer, images, fruit, rotten, loss_weights):
    fruit_logits, fresh_logits = model(images)
    fruit_loss, fresh_loss = F.cross_entropy(fruit_logits, fruit), F.cross_entropy(fresh_logits, rotten)
    loss = (torch.stack([fruit_loss, fresh_loss]) * torch.tensor(loss_weights)).sum()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
