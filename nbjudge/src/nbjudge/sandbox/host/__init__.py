"""The trusted side of the sandbox. It believes nothing that comes out of one."""
