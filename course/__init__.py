"""The course: lessons, what their checks share, pictures, what notebooks show."""
