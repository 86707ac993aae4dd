import '@jupyter/collaboration/style/index.js';
