;;; oomlint.el --- oomlint as a language server for eglot -*- lexical-binding: t -*-

;; Emacs 29 or newer, or eglot from GNU ELPA. Load this file, then M-x eglot in a Dockerfile or Compose file.
;; The server leaves YAML files that are no Compose files alone.

;;; Code:

(require 'eglot)

(add-to-list 'eglot-server-programs
             '((dockerfile-mode dockerfile-ts-mode yaml-mode yaml-ts-mode) . ("oomlint" "lsp")))

(provide 'oomlint)
;;; oomlint.el ends here
