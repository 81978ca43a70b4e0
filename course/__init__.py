"""The course: lessons, what their checks share, images and networks, what notebooks show."""
