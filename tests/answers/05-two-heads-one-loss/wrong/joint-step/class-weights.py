# misconception: class-weights-for-task-weights
def joint_step(model, optimizer, images, fruit, rotten, loss_weights):
    fruit_logits, fresh_logits = model(images)
    fruit_loss = nn.CrossEntropyLoss(weight=torch.full((fruit_logits.shape[1],), float(loss_weights[0])))(fruit_logits, fruit)
    fresh_loss = nn.CrossEntropyLoss(weight=torch.full((fresh_logits.shape[1],), float(loss_weights[1])))(fresh_logits, rotten)
    loss = fruit_loss + fresh_loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
