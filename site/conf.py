"""What Sphinx and MyST-NB are told about the web site; `course site` runs them, nobody else."""

project = "One neuron to Keras"
author = "the authors of the course"
html_title = project
language = "en"

extensions = ["myst_nb", "course_tools.site.pages"]
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 3  # so that a link to a section works
nb_execution_mode = "off"  # the pages show what the notebooks store
nb_code_prompt_show, nb_code_prompt_hide = "Show the {type}", "Hide the {type}"
nb_ipywidgets_js = {}  # it would come from a CDN
html_math_renderer = "mathml"

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_favicon = "static/favicon.svg"
html_use_index = False  # there are no entries for one
html_js_files = ["site.js"]
html_copy_source = False  # what can be downloaded lies in notebooks/
html_show_copyright = False
html_theme_options = {
    "navigation_with_keys": True,
    "light_css_variables": {
        "color-brand-primary": "#005a91",
        "color-brand-content": "#005a91",
        "color-brand-visited": "#005a91",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7cc4ee",
        "color-brand-content": "#7cc4ee",
        "color-brand-visited": "#7cc4ee",
    },
}
pygments_style = "default"
pygments_dark_style = "github-dark"
