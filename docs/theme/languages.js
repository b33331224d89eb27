
// The languages of the book's examples that mdBook's highlight.js does not know.
hljs.registerLanguage("dockerfile", (hljs) => ({
    case_insensitive: true,
    keywords:
        "from as add arg cmd copy entrypoint env expose healthcheck label maintainer onbuild run shell stopsignal user volume workdir none",
    contains: [
        hljs.HASH_COMMENT_MODE,
        hljs.QUOTE_STRING_MODE,
        hljs.APOS_STRING_MODE,
        { className: "variable", begin: /\$\{[^}]*\}|\$\w+/ },
        { className: "attr", begin: /--[a-z][a-z-]*(?==)/ },
    ],
}));
hljs.registerAliases("groovy", { languageName: "java" });
hljs.registerAliases("caddy", { languageName: "nginx" });
