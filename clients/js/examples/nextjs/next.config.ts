import type { NextConfig } from "next";

// This folder lies inside of another project with a lock file of its own: Next shall not take that one's folder.
const config: NextConfig = { turbopack: { root: import.meta.dirname } };

export default config;
