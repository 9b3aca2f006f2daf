package api

func (s *Server) fileRoutes() []declared { return nil }
