-- Neovim 0.11 or newer: put this file into ~/.config/nvim/lsp/, and into your init.lua
--
--   vim.lsp.enable("oomlint")
--
-- Compose files have the file type `yaml`; the server leaves every other YAML file alone.
return {
  cmd = { "oomlint", "lsp" },
  filetypes = { "dockerfile", "yaml", "yaml.docker-compose" },
  root_markers = { ".oomlint.yaml", "oomlint.yaml", ".git" },
}
