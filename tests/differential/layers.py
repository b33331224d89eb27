"""What a generator puts over and under services: override files, `extends`, `include`, merge keys, aliases."""
import values
from emit import Map, Marked

ALIASED = ["environment", "healthcheck", "deploy", "env_file", "build", "logging", "ulimits"]
STRUCTURED = ["environment", "healthcheck", "deploy", "env_file", "depends_on", "build", "logging", "ulimits"]


class Layers:
    """A part of the generator."""

    def marks(self, tree, depth=0):
        """Puts tags into an override."""
        for pair in tree.pairs:
            if self.chance(0.12):
                if self.chance(0.5):
                    pair[1] = Marked("!reset", self.rng.choice(["null", pair[1], "[]", "{}", ""]))
                    self.feature("!reset")
                else:
                    pair[1] = Marked("!override", pair[1])
                    self.feature("!override")
            elif isinstance(pair[1], Map):
                self.marks(pair[1], depth + 1)

    def partial(self, under, others, folder):
        """A service that comes over another one, with some keys of it."""
        found = self.service(others, folder, self.rng.randint(1, 4), whole=False)
        for key in under.keys():
            if self.chance(0.35) and key not in ("image", "extends") and key in (*values.VALUES, *STRUCTURED) and (tree := self.key(key, others, folder)) is not None:
                found.set(key, tree)
                if self.chance(0.05):
                    found.set(key, "")
                    self.feature("null over a value")
        return found

    def merge_keys(self, root, service, others):
        name = f"x-m{len(root.pairs)}"
        anchor = f"m{len(root.pairs)}"
        shared = self.partial(service, others, "")
        shared.remove("env_file")
        root.pairs.insert(0, [name, Marked(f"&{anchor}", shared)])
        self.feature("merge key")
        old = service.get("<<")
        if old is not None:
            service.set("<<", [*([old] if isinstance(old, str) else old), f"*{anchor}"])
        else:
            service.pairs.insert(self.rng.randint(0, len(service.pairs)), ["<<", f"*{anchor}"])
        if self.chance(0.1):
            service.set("mem_limit", Marked("!reset", "null"))
            self.feature("!reset")

    def alias(self, services, first, second):
        """One section for two services."""
        keys = [key for key in services.get(first).keys() if key in ALIASED and isinstance(services.get(first).get(key), (Map, list))]
        if keys:
            key = self.rng.choice(keys)
            services.get(first).set(key, Marked(f"&s-{key}", services.get(first).get(key)))
            services.get(second).set(key, f"*s-{key}")
            self.feature("alias")

    def extend(self, services, service, name, others):
        rng = self.rng
        base = self.service([], "", rng.randint(1, 4))
        base.remove("depends_on")
        how = rng.choice(["here", "file", "folder", "folder", "documents"])
        self.feature(f"extends: {how}")
        if how == "here":
            services.set(f"base-{name}", base)
            service.set("extends", rng.choice([Map([("service", f"base-{name}")]), f"base-{name}"]))
            return
        path = {"file": f"ext-{name}.yaml", "folder": f"app/ext-{name}.yml", "documents": f"ext-{name}.yaml"}[how]
        folder = path.rpartition("/")[0]
        folder = folder + "/" if folder else ""
        base = self.service([], folder, rng.randint(1, 4))
        base.remove("depends_on")
        inner = Map([("base", base)])
        if self.chance(0.2):
            deeper = self.service([], folder, rng.randint(1, 3), whole=False)
            deeper.remove("depends_on")
            inner.set("deeper", deeper)
            base.set("extends", Map([("service", "deeper")]))
        text = self.document(Map([("services", inner)]))
        if how == "documents":
            more = self.partial(base, [], folder)
            more.remove("extends")
            text += "---\n" + self.document(Map([("services", Map([("base", more)]))]))
        self.write(path, text)
        service.set("extends", Map([("file", rng.choice(["", "./"]) + path), ("service", "base")]))

    def include(self, root, services):
        rng = self.rng
        folder = rng.choice(["", "app/", "inc/"])
        path = f"{folder}part.yaml"
        included = self.service([], folder, rng.randint(1, 5))
        included.remove("depends_on")
        name = rng.choice(["d", "d", "d", "a"])
        inner = Map([("services", Map([(name, included)]))])
        self.feature("include" if name == "d" else "include of the same service")
        self.write(path, self.document(inner))
        entry = rng.choice([path, f"./{path}"])
        if self.chance(0.5):
            paths = entry
            if self.chance(0.4):
                self.write(f"{folder}part2.yaml", self.document(Map([("services", Map([(name, self.partial(included, [], folder))]))])))
                paths = [entry, f"{folder}part2.yaml"]
                self.feature("include: path list")
            entry = Map([("path", paths)])
            if self.chance(0.3):
                entry.set("project_directory", rng.choice([".", "./inc", "app"]))
                self.feature("include: project_directory")
                for name_ in ("e.env", "f.env", "g.env"):
                    for where in ("", "inc/", "app/"):
                        self.dotenv(where + name_)
            if self.chance(0.5):
                files = rng.choice([["i.env"], ["i.env", "j.env"], "i.env", []])
                self.project.files["i.env"] = b"M1=1g\nU1=2g\n"
                self.project.files["j.env"] = b"M1=3g\nU2=4g\n"
                entry.set("env_file", files)
                self.feature("include: env_file")
        if folder and self.chance(0.3):
            self.project.files[f"{folder}.env"] = b"M1=5g\nU3=6g\n"
            self.feature("include: .env of its folder")
        root.pairs.insert(rng.randint(0, len(root.pairs)), ["include", [entry]])
        if self.chance(0.25) and "a" in services.keys() and name == "d":
            services.get("a").set("extends", rng.choice(["d", Map([("service", "d")])]))
            self.feature("extends of an included service")
