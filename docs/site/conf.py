"""Sphinx's settings for the site; course/authoring/site writes the pages and runs Sphinx."""

project = "New Heads"
html_title = "New Heads"
language = "en"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "course.authoring.site.api",
    "course.authoring.site.mathml",
]

nb_execution_mode = "off"  # the lessons are executed already
nb_merge_streams = True
myst_enable_extensions = ["attrs_inline", "colon_fence", "dollarmath"]
myst_heading_anchors = 4
myst_dmath_allow_digits = False  # "$5" is no formula
myst_links_external_new_tab = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
maximum_signature_line_length = 88

html_favicon = "_static/logo.svg"
html_logo = "_static/logo.svg"
html_theme = "pydata_sphinx_theme"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["print.js"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "New Heads"},
    "secondary_sidebar_items": ["page-toc"],
    "navbar_align": "left",
    "show_prev_next": True,
    "footer_start": [],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "header_links_before_dropdown": 8,
}
html_sidebars = {"index": [], "misconceptions": [], "glossary": []}
