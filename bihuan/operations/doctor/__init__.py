"""系统体检: every question an operator should ask once a day, answered in one go."""
