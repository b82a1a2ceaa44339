"""One file per framework, found by its name. They import the core; the core never imports them."""
